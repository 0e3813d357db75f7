import {
  alpaca,
  type ChatTemplate,
  chatml,
  llama3,
  TemplateError,
  type Tokenizer,
  tulu,
  vicuna,
  zephyr,
} from '../../src/index'
import { type TemplateName, templateNames } from '../model-protocol'

export const templates: Readonly<Record<TemplateName, ChatTemplate>> = {
  alpaca: alpaca(),
  vicuna: vicuna(),
  tulu: tulu(),
  zephyr: zephyr(),
  chatml: chatml(),
  llama3: llama3(),
}

/** The templates whose end of a turn the tokenizer can write. */
export function templatesFor(tokenizer: Tokenizer): TemplateName[] {
  return templateNames.filter(name => {
    try {
      templates[name].for(tokenizer)
      return true
    } catch (error) {
      if (error instanceof TemplateError) return false
      throw error
    }
  })
}
