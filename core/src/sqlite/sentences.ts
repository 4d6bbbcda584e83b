/** The sentences of what can go wrong with a database file. The code is API, the wording is not. */
export const sentences = {
  NODE_TOO_OLD: (version: string) =>
    `Expected Node 24 or newer for SQLite, got ${version}, on which the driver crashes. Install a current Node; inside this workspace "npm start" brings its own.`,
  SQLITE_DRIVER: () => 'Expected the package better-sqlite3 to be installed, got none. Run: npm install better-sqlite3 kysely',
  SQLITE_NOT_A_DATABASE: (path: string) =>
    `Expected a SQLite database at ${path}, got a file of another kind. It was left as it is; choose another path.`,
  SQLITE_CANNOT_OPEN: (path: string, why: string) =>
    `Expected to read and write the database ${path}, got: ${why}. Check that its directory exists and that this user may write there.`,
  SQLITE_READ_ONLY: (path: string) =>
    `Expected to write the database ${path}, but it or its directory is read-only. Choose another path, or change its permissions.`,
  SQLITE_BUSY: (path: string, seconds: number) =>
    `Expected the lock of ${path} within ${seconds} s, got none: another process holds it. Look for a transaction that never ends.`,
  SQLITE_CORRUPT: (path: string) => `Expected a sound database at ${path}, got one that is damaged. Restore a copy, or choose another path.`
} as const
