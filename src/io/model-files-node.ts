// Under this name for what is only built for Node.
export { filesFromFolder, readPieces } from './folder-files'
