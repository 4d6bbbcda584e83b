import { categorical, type Distribution, float, int, StudyError } from '@rxtuna/core'
import { distributionFromJson, distributionToJson } from '@rxtuna/core/python'
import { expect } from 'chai'

const today: [Distribution, string][] = [
  [float(0, 1), '{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}'],
  [
    float(1e-5, 1e16, { log: true }),
    '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 1e+16, "log": true}}'
  ],
  [float(0, 1, { step: 0.3 }), '{"name": "FloatDistribution", "attributes": {"step": 0.3, "low": 0.0, "high": 0.9, "log": false}}'],
  [int(0, 10, { step: 3 }), '{"name": "IntDistribution", "attributes": {"log": false, "step": 3, "low": 0, "high": 9}}'],
  [int(1, 8, { log: true }), '{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 8}}'],
  [
    categorical([1, 2.5, null, true, 'ü']),
    '{"name": "CategoricalDistribution", "attributes": {"choices": [1, 2.5, null, true, "\\u00fc"]}}'
  ]
]

describe('distributions as Optuna stores them', () => {
  it('are written in its spelling and read back', () => {
    for (const [distribution, text] of today) {
      expect(distributionToJson(distribution)).to.equal(text)
      expect(distributionFromJson(text)).to.deep.equal(distribution)
    }
  })

  it('are read with other spacing, missing attributes and numbers of the other type', () => {
    expect(distributionFromJson('{"name":"FloatDistribution","attributes":{"low":0,"high":1}}')).to.deep.equal(float(0, 1))
    expect(distributionFromJson('{"name":"IntDistribution","attributes":{"low":1.0,"high":8.5,"step":1.0}}')).to.deep.equal(int(1, 8))
  })

  it('are read in the short form, and in the forms of Optuna 1 and 2', () => {
    const read: [string, Distribution][] = [
      ['{"type":"float","low":1,"high":10,"log":true}', float(1, 10, { log: true })],
      ['{"type":"int","low":1,"high":10,"step":2}', int(1, 9, { step: 2 })],
      ['{"type":"categorical","choices":[1,2]}', categorical([1, 2])],
      ['{"name":"UniformDistribution","attributes":{"low":0,"high":10}}', float(0, 10)],
      ['{"name":"LogUniformDistribution","attributes":{"low":1,"high":10}}', float(1, 10, { log: true })],
      ['{"name":"DiscreteUniformDistribution","attributes":{"low":0,"high":1,"q":0.25}}', float(0, 1, { step: 0.25 })],
      ['{"name":"IntUniformDistribution","attributes":{"low":0,"high":10,"step":3}}', int(0, 9, { step: 3 })],
      ['{"name":"IntLogUniformDistribution","attributes":{"low":1,"high":10,"step":1}}', int(1, 10, { log: true })]
    ]
    for (const [text, distribution] of read) expect(distributionFromJson(text), text).to.deep.equal(distribution)
  })

  it('keep choices that are NaN, bounds that are infinite, and ints beyond 2^53', () => {
    expect(distributionFromJson('{"name": "CategoricalDistribution", "attributes": {"choices": [NaN, 1.0]}}')).to.deep.equal(
      categorical([Number.NaN, 1])
    )
    const endless = '{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": Infinity, "log": false}}'
    expect(distributionFromJson(endless)).to.deep.equal({ kind: 'float', low: 0, high: Number.POSITIVE_INFINITY })
    expect(distributionToJson(distributionFromJson(endless))).to.equal(endless)
    expect(distributionFromJson('{"type":"int","low":0,"high":100000000000000000000}')).to.deep.equal({ kind: 'int', low: 0, high: 1e20 })
  })

  it('have their ints written in full, however long', () => {
    const long = '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 2, "high": 9007199254740992}}'
    expect(distributionToJson(distributionFromJson(long))).to.equal(long)
  })

  it('are read as Python reads them: bounds that are cut to ints, unknown keys of the short form, truth for true', () => {
    const read: [string, Distribution][] = [
      ['{"name":"IntDistribution","attributes":{"low":1.9,"high":8.5,"step":3.5}}', int(1, 7, { step: 3 })],
      ['{"type":"float","low":0,"high":1,"comment":"x"}', float(0, 1)],
      ['{"type":"int","low":1,"high":8,"step":null,"log":1}', int(1, 8, { log: true })]
    ]
    for (const [text, distribution] of read) expect(distributionFromJson(text), text).to.deep.equal(distribution)
  })

  it('are refused where Python refuses them, too', () => {
    for (const attributes of [
      '{"name":"IntDistribution","attributes":{"low":1.2,"high":1.1}}',
      '{"name":"IntDistribution","attributes":{"low":0.5,"high":2,"log":true}}',
      '{"name":"IntDistribution","attributes":{"low":0,"high":2,"step":0.5}}',
      '{"name":"IntDistribution","attributes":{"low":0,"high":2,"step":null}}',
      '{"name":"IntDistribution","attributes":{"low":0,"high":Infinity}}',
      '{"name":"FloatDistribution","attributes":{"low":Infinity,"high":0}}',
      '{"name":"FloatDistribution","attributes":{"low":0,"high":Infinity,"step":1}}',
      '{"name":"DiscreteUniformDistribution","attributes":{"low":0,"high":1}}'
    ])
      expect(() => distributionFromJson(attributes), attributes).to.throw(StudyError)
  })

  it('are refused with a sentence when they are something else', () => {
    for (const text of [
      '{"name":"FloatDistribution","attributes":{"low":0,"high":1,"foo":2}}',
      '{"name":"Foo","attributes":{}}',
      '{"name":"toString","attributes":{}}',
      '{"name":"FloatDistribution"}',
      '{"type":"categorical"}',
      '{"type":"float","low":"0","high":1}',
      '[]',
      'no JSON'
    ])
      expect(() => distributionFromJson(text), text)
        .to.throw(StudyError, /^Expected a distribution as Optuna stores it, got /)
        .with.property('code', 'DISTRIBUTION_JSON')
  })
})
