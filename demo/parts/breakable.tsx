import { Fragment } from 'preact'

/** A name that may be broken behind its folders and its underscores. */
export const Breakable = ({ name }: { readonly name: string }) => (
  <>
    {name.split(/(?<=[/_])/).map((part, n) => (
      <Fragment key={n}>
        {part}
        <wbr />
      </Fragment>
    ))}
  </>
)
