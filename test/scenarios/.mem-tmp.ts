import { createStudy, memory, samplers, pruners, space, float, int, categorical } from '@rxtuna/core'
const n = Number(process.argv[2] ?? 100000)
gc!()
const used = () => { gc!(); gc!(); const {heapUsed, arrayBuffers} = process.memoryUsage(); return heapUsed + arrayBuffers }
const base = used()
const storage = memory()
const obj = { space: space({ a: float(-5,5), b: float(-5,5), lr: float(1e-5,1,{log:true}), n: int(1,64), c: categorical(['a','b','c','d']) }), evaluate: (p:any) => p.a**2+p.b**2+p.n }
const form = process.argv[3]
{
  const study = await createStudy({ name: 's', storage, sampler: samplers.random(), seed: 1 })
  if (form === 'fn') await study.optimize((t:any) => t.suggestFloat('a',-5,5)**2+t.suggestFloat('b',-5,5)**2+t.suggestFloat('lr',1e-5,1,{log:true})+t.suggestInt('n',1,64)+t.suggestCategorical('c',['a','b']).length, {trials:n})
  else await study.optimize(obj, { trials: n })
  console.log('random', (used()-base)/1e6)
  if (process.argv[4]) { const v8 = await import('node:v8'); v8.writeHeapSnapshot(process.argv[4]) }
  await study.close()
}
console.log('storage alone', (used()-base)/1e6)
const study = await createStudy({ name: 's', storage, seed: 1 })
await study.ask(form === 'fn' ? undefined as any : obj.space)
console.log('tpe study', (used()-base)/1e6)
console.log((await study.trials()).length, (used()-base)/1e6)
