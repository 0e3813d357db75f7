import type { ChatTemplate } from '../io/chat-template'
import { alpaca, chatml, llama3, tulu, vicuna, zephyr } from '../io/named-templates'

/** Chat templates by the name that people type. */
export const jobTemplates: Readonly<Record<string, ChatTemplate>> = {
  vicuna: vicuna(),
  tulu: tulu(),
  llama3: llama3(),
  chatml: chatml(),
  zephyr: zephyr(),
  alpaca: alpaca(),
}
