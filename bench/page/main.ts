import { pagePlace } from '../harness/page-place'
import type { Options, Report } from '../harness/subject'
import { subjects } from '../subjects'

declare global {
  /** Runs a subject in this page; `bench/harness/chromium.ts` calls it. */
  var runSubject: (name: string, options: Options) => Promise<Report>
}

globalThis.runSubject = async (name, options) => {
  const subject = subjects.find(one => one.name === name)
  if (!subject) throw new Error(`the page has no subject ${name}`)
  return subject.run(options, pagePlace())
}
