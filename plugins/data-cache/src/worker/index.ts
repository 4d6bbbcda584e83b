// What a worker thread needs to read data that another thread has transferred; it loads neither Arrow nor the library's core.
export type { Column, Group, GroupedData, GroupsHandle } from '../grouped-data.ts'
export { receiveGroups } from '../grouped-data.ts'
