/** Files of a folder that is read no further: no model has as many. */
const MOST = 2000

/** The files that were dropped on the page, those of folders by their paths. */
export async function droppedFiles(items: DataTransferItemList): Promise<Map<string, File>> {
  // Entries can be taken only before the event ends, so all at once.
  const entries = [...items].flatMap(item => item.webkitGetAsEntry() ?? [])
  const files = new Map<string, File>()
  const read = async (entry: FileSystemEntry): Promise<void> => {
    if (entry.name.startsWith('.') || files.size > MOST) return
    if (isFile(entry)) {
      const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject))
      files.set(entry.fullPath.replace(/^\//, ''), file)
    } else for (const child of await children(entry as FileSystemDirectoryEntry)) await read(child)
  }
  for (const entry of entries) await read(entry)
  if (files.size > MOST)
    throw new Error(`There are more than ${MOST} files in it: choose the folder of one model.`)
  return files
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile

/** A reader gives some entries at a time, and none at the end. */
async function children(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const all: FileSystemEntry[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (some.length === 0) return all
    all.push(...some)
  }
}
