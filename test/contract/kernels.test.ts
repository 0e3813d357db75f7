import { describe, expect, it } from 'vitest'
import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js'
import type { Kernel } from '../../src/gpu/kernel'

const shaders = import.meta.glob<string>('../../shaders/**/*.wgsl', {
  eager: true,
  query: '?raw',
  import: 'default',
})
const sources = import.meta.glob<string>('../../src/**/*.ts', {
  eager: true,
  query: '?raw',
  import: 'default',
})
const modules = import.meta.glob<Record<string, unknown>>('../../src/**/*.ts')

const isKernel = (v: object): v is Kernel => 'workgroups' in v && 'code' in v

/** The kernels among a module's exports, also those inside exported objects and maps. */
function kernelsIn(value: unknown): Kernel[] {
  if (typeof value !== 'object' || value === null) return []
  if (isKernel(value)) return [value]
  const isPlain = Object.getPrototypeOf(value) === Object.prototype
  return (value instanceof Map ? [...value.values()] : isPlain ? Object.values(value) : []).flatMap(kernelsIn)
}

// Only files that name a shader can define a kernel; the others need not run, the command's main among them.
const defining = Object.keys(sources).filter(path => sources[path]!.includes("from '#shaders/"))
const loaded = await Promise.all(defining.map(path => modules[path]!()))
const kernels = [...new Set(loaded.flatMap(module => Object.values(module).flatMap(kernelsIn)))]

describe.each(kernels.map(kernel => [kernel.name, kernel] as const))('%s', (_, kernel) => {
  const reflect = new WgslReflect(kernel.code.join('\n'))

  it('declares what the shader binds', () => {
    const declared = Object.entries(kernel.bindings).map(([name, b], i) => ({
      group: 0,
      binding: i + 1,
      name,
      access: b.access,
      // Reflection gives an array that is sized at run time the length 0.
      type: `array<${b.element}, 0>`,
    }))
    const bound = reflect.storage.map(v => ({
      group: v.group,
      binding: v.binding,
      name: v.name,
      access: v.access,
      type: v.type.getTypeName(),
    }))
    expect(bound).toEqual(declared)
  })

  it('declares the fields of struct Params', () => {
    expect(reflect.uniforms).toHaveLength(1)
    const [uniform] = reflect.uniforms
    expect(uniform).toMatchObject({ name: 'params', group: 0, binding: 0 })
    const fields = uniform!.members!.map(m => [m.name, m.type.name, m.offset])
    expect(fields).toEqual(Object.entries(kernel.params).map(([name, type], i) => [name, type, i * 4]))
  })

  it('overrides only constants the shader has', () => {
    const names = reflect.overrides.map(o => o.name)
    for (const name of Object.keys(kernel.overrides ?? {})) expect(names).toContain(name)
  })

  it('has one entry point, main', () => {
    expect(reflect.entry.compute.map(f => f.name)).toEqual(['main'])
  })

  it('stays within the default limit of storage buffers', () => {
    expect(Object.keys(kernel.bindings).length).toBeLessThanOrEqual(8)
  })
})

it('every shader is part of a kernel', () => {
  const used = new Set(kernels.flatMap(kernel => kernel.code))
  const orphans = Object.entries(shaders).filter(([, code]) => !used.has(code))
  expect(orphans.map(([path]) => path)).toEqual([])
})
