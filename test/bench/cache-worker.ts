// A worker thread that reads all of the data that it was sent, says what it came to, and stays.
import { parentPort, workerData } from 'node:worker_threads'
import { type GroupsHandle, receiveGroups } from '@rxtuna/data-cache/worker'

let sum = 0
for (const { columns, length } of receiveGroups(workerData as GroupsHandle).groups.values())
  for (const values of Object.values(columns)) for (let i = 0; i < length; i++) sum += values[i] as number
parentPort?.on('message', () => {})
parentPort?.postMessage(sum)
