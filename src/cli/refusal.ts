import { DamagedFileError, HubError, ModelFilesError, StorageFullError, StoreBusyError } from '../index'
import { UsageError } from './options'

/** What is wrong with neither a model's name nor a token. */
const passing = [DamagedFileError, StorageFullError, StoreBusyError]

/**
 * Throws an error about a model's files on: as a `UsageError` where the model is not there, or not for this user, so that
 * it was named in vain. A Hub that fails, or a full disk, is another matter.
 */
export function refusal(error: unknown): never {
  const failed =
    error instanceof HubError
      ? !['missing', 'gated', 'refused'].includes(error.reason)
      : passing.some(kind => error instanceof kind)
  if (!(error instanceof ModelFilesError) || failed) throw error
  throw new UsageError(error.message, { cause: error })
}
