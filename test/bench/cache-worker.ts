// A worker thread that reads all of the data that it was sent, says what it came to, and stays.
import { parentPort, workerData } from 'node:worker_threads'
import { type GroupsHandle, receiveGroups } from '@rxtuna/data-cache'
import { backtest } from './cache-workflow.ts'

const { groups } = receiveGroups(workerData as GroupsHandle)
parentPort?.on('message', () => {})
parentPort?.postMessage(backtest(groups.values(), 20))
