import { expose } from 'comlink'
import { Session } from './session/session'

expose(new Session())
