import { GpuError, ShapeError } from './errors'
import type { Feature } from './features'
import type { Tensor } from './tensor'

/** How a tensor is stored. All are 4 bytes wide. */
export type Dtype = 'f32' | 'u32' | 'i32'
/** How a shader sees a binding; vectors view a tensor two or four values at a time. */
export type Element = Dtype | 'vec4f' | 'vec4i' | 'vec2u' | 'vec4u'
export type Scalar = 'f32' | 'u32' | 'i32'

const STORED: Readonly<Record<Element, Dtype>> = {
  f32: 'f32',
  u32: 'u32',
  i32: 'i32',
  vec4f: 'f32',
  vec4i: 'i32',
  vec2u: 'u32',
  vec4u: 'u32',
}

/** One storage binding of a kernel. `shape` names its axes, outermost first: `'B T C'`. */
export interface Binding<Shape extends string = string> {
  readonly element: Element
  readonly access: 'read' | 'read_write'
  readonly shape: Shape
}

export const read = <const S extends string>(element: Element, shape: S): Binding<S> => ({
  element,
  access: 'read',
  shape,
})

export const write = <const S extends string>(element: Element, shape: S): Binding<S> => ({
  element,
  access: 'read_write',
  shape,
})

type Words<S extends string> = S extends `${infer Head} ${infer Rest}` ? Head | Words<Rest> : S
export type Bindings = Readonly<Record<string, Binding>>
/** The axis names used by a table of bindings: `'N' | 'C'`. */
export type Dims<B extends Bindings> = Exclude<Words<B[keyof B]['shape']>, '' | `${number}`>
export type Params = Readonly<Record<string, Scalar>>
/** Workgroup counts. A single count above 65535 is folded into two; see shaders/lib/fold.wgsl. */
export type Workgroups = readonly [number, number?, number?]

/** What one dispatch takes, for the profiler. */
export interface Cost {
  /** Arithmetic operations; a fused multiply-add is two. */
  readonly flops?: number
  /** Bytes that must move at least, if not those of all bindings. */
  readonly bytes?: number
}

export interface Kernel<B extends Bindings = Bindings, P extends Params = Params> {
  readonly name: string
  /** WGSL modules, joined in order. Module scope is unordered in WGSL, so joining is linking. */
  readonly code: readonly string[]
  /** Fields of `struct Params`, in order. A field named after an axis is filled from the tensors. */
  readonly params: P
  /** Storage bindings 1, 2, … in order. */
  readonly bindings: B
  readonly overrides?: Readonly<Record<string, number>>
  /** Features without which it cannot run: ask `gpu.features`, and have a kernel that needs none. */
  readonly requires?: readonly Feature[]
  /** Workgroup counts for the given axis sizes. */
  workgroups(dims: Readonly<Record<Dims<B>, number>>): Workgroups
  /** For the given axis sizes and parameters. */
  cost?(values: Readonly<Record<Dims<B> | keyof P, number>>): Cost
}

/** Declares a kernel. Call it at module level: a pipeline is compiled once for each kernel object. */
export function defineKernel<const B extends Bindings, const P extends Params>(
  kernel: Kernel<B, P>,
): Kernel<B, P> {
  return kernel
}

export type Arguments<B extends Bindings> = { readonly [K in keyof B]: Tensor }
/** The parameters a caller must give: those not named after an axis. */
export type FreeParams<B extends Bindings, P extends Params> = {
  readonly [K in Exclude<keyof P, Dims<B>>]: number
}

/**
 * Matches tensors to their declared shapes and returns the size of every axis.
 *
 * @throws {ShapeError} naming kernel, tensor, axis, both sizes, and where the axis was first fixed
 */
export function bindDims<B extends Bindings, P extends Params>(
  kernel: Kernel<B, P>,
  tensors: Arguments<B>,
): Record<Dims<B>, number> {
  const dims: Record<string, number> = {}
  const origin: Record<string, string> = {}
  for (const [name, { shape, element }] of Object.entries(kernel.bindings)) {
    const axes = shape.split(' ').filter(Boolean)
    const tensor = tensors[name as keyof B]
    if (!tensor) throw new ShapeError(`${kernel.name}: ${name} is missing`)
    const got = `[${tensor.shape.join(', ')}]`
    const stored = STORED[element]
    if (tensor.dtype !== stored) {
      throw new ShapeError(`${kernel.name}: ${name} holds ${tensor.dtype}, expected ${stored}`)
    }
    if (tensor.disposed) throw new ShapeError(`${kernel.name}: ${name} was disposed before it was used`)
    if (axes.length !== tensor.shape.length) {
      throw new ShapeError(
        `${kernel.name}: ${name} has shape ${got}, expected ${axes.length} axes [${axes.join(', ')}]`,
      )
    }
    axes.forEach((axis, i) => {
      const size = tensor.shape[i]!
      const fixed = Number(axis)
      if (Number.isInteger(fixed) && fixed !== size) {
        throw new ShapeError(`${kernel.name}: ${name} has shape ${got}, expected [${axes.join(', ')}]`)
      }
      dims[axis] ??= size
      origin[axis] ??= name
      if (dims[axis] !== size) {
        throw new ShapeError(
          `${kernel.name}: ${name} has shape ${got}, expected [${axes.join(', ')}] with ${axis} = ${dims[axis]} as in ${origin[axis]}`,
        )
      }
    })
  }
  return dims as Record<Dims<B>, number>
}

/** The kernel's parameters as the bytes of `struct Params`. */
export function packParams(
  params: Params,
  values: Readonly<Record<string, number>>,
  into: DataView,
  at: number,
): void {
  Object.entries(params).forEach(([name, type], i) => {
    const value = values[name]
    if (value === undefined) throw new ShapeError(`parameter ${name} is missing`)
    const offset = at + i * 4
    if (type === 'f32') into.setFloat32(offset, value, true)
    else if (type === 'u32') into.setUint32(offset, value, true)
    else into.setInt32(offset, value, true)
  })
}

/** As `packParams`, in a buffer of its own. */
export function packedParams(params: Params, values: Readonly<Record<string, number>>): ArrayBuffer {
  const bytes = new ArrayBuffer(Object.keys(params).length * 4)
  packParams(params, values, new DataView(bytes), 0)
  return bytes
}

/**
 * Workgroup counts within `limit` an axis: a single count beyond it is folded into two axes.
 *
 * @throws {GpuError} if a count beyond the limit is not the only one
 */
export function foldWorkgroups(name: string, [x, y, z]: Workgroups, limit: number): [number, number, number] {
  if (x > limit && y === undefined && z === undefined) {
    const rows = Math.ceil(x / limit)
    return [Math.ceil(x / rows), rows, 1]
  }
  if (x > limit || (y ?? 1) > limit || (z ?? 1) > limit) {
    throw new GpuError(
      `${name}: ${x} × ${y ?? 1} × ${z ?? 1} workgroups, at most ${limit} an axis. Split the work`,
    )
  }
  return [x, y ?? 1, z ?? 1]
}
