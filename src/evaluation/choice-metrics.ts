import type { ChoiceQuestion } from '../data/multiple-choice'
import { mmluCategories } from './mmlu-categories'

/** Shares of questions, from 0 to 1, under the names of lm-evaluation-harness. */
export interface ChoiceMetrics {
  readonly questions: number
  /** Whose likeliest answer is the right one. */
  readonly acc: number
  /** Standard error of the mean; null for a single question. */
  readonly acc_stderr: number | null
  /** Whose likeliest answer by character is the right one. */
  readonly acc_norm: number
  readonly acc_norm_stderr: number | null
}

interface Judged {
  readonly correct: boolean
  readonly correctNorm: boolean
}

/** Metrics of tasks, and of MMLU's subjects and parts; a group's are those of its subjects, weighted by size. */
export function choiceMetrics(
  questions: readonly Pick<ChoiceQuestion, 'task' | 'subject'>[],
  answers: readonly Judged[],
): Record<string, ChoiceMetrics> {
  const tasks = new Map<string, Judged[]>()
  const groups = new Map<string, Set<string>>()
  for (const [i, { task, subject }] of questions.entries()) {
    const name = subject === null ? task : `${task}_${subject}`
    entry(tasks, name, () => []).push(answers[i]!)
    if (subject === null) continue
    entry(groups, task, () => new Set()).add(name)
    const category = mmluCategories.get(subject)
    if (task === 'mmlu' && category) entry(groups, `mmlu_${category}`, () => new Set()).add(name)
  }
  const single = new Map([...tasks].map(([name, judged]) => [name, metricsOf(judged)]))
  const grouped = [...groups].map(([name, members]) => {
    // Questions of the task without a subject have its own name.
    const all = [...(single.has(name) ? [name] : []), ...members]
    return [name, pooled(all.map(member => single.get(member)!))] as const
  })
  return Object.fromEntries([...grouped, ...[...single].filter(([name]) => !groups.has(name))])
}

function entry<V>(map: Map<string, V>, key: string, create: () => V): V {
  const found = map.get(key) ?? create()
  map.set(key, found)
  return found
}

function metricsOf(judged: readonly Judged[]): ChoiceMetrics {
  const n = judged.length
  const mean = (right: (one: Judged) => boolean) => judged.filter(right).length / n
  // Of zeros and ones, Σ(x − mean)² is n·mean·(1 − mean).
  const stderr = (mean: number) => (n > 1 ? Math.sqrt((mean * (1 - mean)) / (n - 1)) : null)
  const [acc, accNorm] = [mean(one => one.correct), mean(one => one.correctNorm)]
  return { questions: n, acc, acc_stderr: stderr(acc), acc_norm: accNorm, acc_norm_stderr: stderr(accNorm) }
}

function pooled(parts: readonly ChoiceMetrics[]): ChoiceMetrics {
  const n = parts.reduce((sum, { questions }) => sum + questions, 0)
  const mean = (key: 'acc' | 'acc_norm') =>
    parts.reduce((sum, part) => sum + part[key] * part.questions, 0) / n
  // `pooled_sample_stderr` of lm_eval/api/metrics.py.
  const stderr = (key: 'acc_stderr' | 'acc_norm_stderr') => {
    if (parts.some(part => part[key] === null)) return null
    const sum = parts.reduce((sum, part) => sum + (part.questions - 1) * part[key]! ** 2 * part.questions, 0)
    return Math.sqrt(sum / (n - parts.length) / n)
  }
  return {
    questions: n,
    acc: mean('acc'),
    acc_stderr: stderr('acc_stderr'),
    acc_norm: mean('acc_norm'),
    acc_norm_stderr: stderr('acc_norm_stderr'),
  }
}
