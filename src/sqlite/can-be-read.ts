const CHUNK = 1 << 20

/** Whether the system reads a database and its WAL from end to end; what is not there, or not a file, is not its fault. */
export function canBeRead(file: string): boolean {
  return [file, `${file}-wal`].every(reads)
}

function reads(path: string): boolean {
  const fs = process.getBuiltinModule('node:fs')
  const chunk = new Uint8Array(CHUNK)
  let fd: number | null = null
  try {
    fd = fs.openSync(path, 'r')
    while (fs.readSync(fd, chunk) > 0);
    return true
  } catch (error) {
    return !['EIO', 'ENXIO', 'ERANGE'].includes((error as { code?: string }).code ?? '')
  } finally {
    if (fd !== null) fs.closeSync(fd)
  }
}
