import { expect } from 'chai'
import { canRedraw, hasColours, hasUnicode, usableColumns } from '../../../core/src/node/terminal.ts'
import { RecordingStream } from './recording-stream.ts'

describe('what a terminal can show', () => {
  it('is more than ASCII when the first locale variable that is set says UTF-8', () => {
    expect(hasUnicode({ LANG: 'en_US.UTF-8' })).to.equal(true)
    expect(hasUnicode({ LANG: 'C.utf8' })).to.equal(true)
    expect(hasUnicode({ LC_ALL: 'C', LANG: 'en_US.UTF-8' })).to.equal(false)
    expect(hasUnicode({ LC_ALL: '', LC_CTYPE: 'de_DE.UTF-8', LANG: 'C' })).to.equal(true)
    expect(hasUnicode({ LANG: 'de_DE.ISO-8859-1' })).to.equal(false)
    expect(hasUnicode({})).to.equal(false)
    expect(hasUnicode({ WT_SESSION: 'f0e1' })).to.equal(true)
  })

  it('is a line that changes only where the cursor moves', () => {
    expect(canRedraw(new RecordingStream({ columns: 80 }), { TERM: 'xterm' })).to.equal(true)
    expect(canRedraw(new RecordingStream({ columns: 80 }), { TERM: 'dumb' })).to.equal(false)
    expect(canRedraw(new RecordingStream(), { TERM: 'xterm' })).to.equal(false)
  })

  it('is colour where the stream has it and NO_COLOR does not forbid it', () => {
    const stream = new RecordingStream({ columns: 80, colours: true })
    expect(hasColours(stream, {})).to.equal(true)
    expect(hasColours(stream, { NO_COLOR: '' })).to.equal(true)
    expect(hasColours(stream, { NO_COLOR: '1' })).to.equal(false)
    expect(hasColours(new RecordingStream({ columns: 80 }), {})).to.equal(false)
  })

  it('is one column less than there are, and 80 where nobody knows', () => {
    expect(usableColumns(new RecordingStream({ columns: 100 }))).to.equal(99)
    expect(usableColumns(new RecordingStream())).to.equal(79)
    expect(usableColumns(new RecordingStream({ columns: 0 }))).to.equal(79)
  })
})
