import { jsonLines, trainingReport, writePeftAdapter } from '../../src/index'
import { recordsOf } from '../parts/chart-data'
import type { Content, Results } from './outputs'
import type { Trained } from './results'

interface NamedContent {
  readonly name: string
  readonly description: string
  readonly content: Content
}

/** The files of a training; those that are as large as the model are made when they are asked for. */
export function trainingFiles(results: Results, trained: Trained): NamedContent[] {
  const adapter = trained.adapter && writePeftAdapter(trained.adapter)
  return [
    ...(adapter
      ? [
          {
            name: 'adapter/adapter_config.json',
            description: 'The adapter’s configuration, for Hugging Face PEFT',
            content: adapter['adapter_config.json'],
          },
          {
            name: 'adapter/adapter_model.safetensors',
            description: 'The adapter’s weights',
            content: adapter['adapter_model.safetensors'],
          },
        ]
      : []),
    {
      name: 'training.json',
      description: 'All options of the training, as tabtune train --config takes them',
      content: `${JSON.stringify(trained.config, null, 2)}\n`,
    },
    {
      name: 'metrics.jsonl',
      description: 'What was dropped, and the training’s metrics, step by step',
      content: metrics(trained),
    },
    {
      name: 'training-report.html',
      description: 'The training to read, in one file: charts, before and after, answers, data, options',
      content: reportOf(results, trained),
    },
  ]
}

function metrics({ data, result: { steps, evaluations } }: Trained): string {
  const records = [
    ...steps,
    ...evaluations.map(({ name, step, metrics }) => ({ evaluation: name, step, ...metrics })),
  ].sort((a, b) => a.step - b.step)
  const dropped = data.data.dropped.map(({ index, cause, reason }) => ({ dropped: index, cause, reason }))
  return jsonLines([...dropped, ...records])
}

/** As `tabtune train` writes it. */
export function reportOf(
  { gpu, model }: Pick<Results, 'gpu' | 'model'>,
  { config, data, input, result, comparison }: Trained,
): string {
  return trainingReport({
    ...{ model: model.name, device: gpu.adapterName, date: new Date() },
    ...{ seconds: result.seconds, stopped: result.stopped },
    steps: recordsOf(result.steps, result.evaluations).sort((a, b) => a.step! - b.step!),
    options: { ...config },
    data: {
      ...{ name: input.summary.name, report: data.data.report, example: data.example },
      heldOut: data.data.heldOut.length,
    },
    ...(comparison ? { comparison } : {}),
    ...(result.winRate
      ? { winRate: { scorer: 'the model’s scorer', a: 'after', b: 'before', result: result.winRate } }
      : {}),
  })
}
