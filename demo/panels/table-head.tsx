import { columns } from '../state'
import type { Sort } from './row-table'

/** What an order begins with when it is chosen. */
const initial = (sort: string): Sort => ({ sort, descending: sort !== 'row' })

/** Orders the rows where there is no room for the head. */
export function SortMenu({ sort, onSort }: { readonly sort: Sort; readonly onSort: (sort: Sort) => void }) {
  const order = (value: string) => {
    const [key = 'best', direction] = value.split(' ')
    onSort({ sort: key, descending: direction === 'down' })
  }
  return (
    <label class="sort-menu">
      <span>Order</span>
      <select
        value={`${sort.sort} ${sort.descending ? 'down' : 'up'}`}
        onChange={event => order(event.currentTarget.value)}
      >
        <option value="best down">Best first</option>
        <option value="best up">Best last</option>
        <option value="row up">As in the file</option>
        <option value="row down">From the file’s end</option>
        {columns.value.map(({ key, label }) => (
          <>
            <option value={`${key} down`}>{label}, most first</option>
            <option value={`${key} up`}>{label}, least first</option>
          </>
        ))}
      </select>
    </label>
  )
}

/** The columns' names, which order the rows. */
export function TableHead({ sort, onSort }: { readonly sort: Sort; readonly onSort: (sort: Sort) => void }) {
  const head = (key: string, label: string, kind: string) => {
    const active = sort.sort === key
    const direction = active ? (sort.descending ? 'descending' : 'ascending') : 'none'
    return (
      <th scope="col" aria-sort={direction} class={kind} key={key}>
        <button
          type="button"
          class="sort"
          onClick={() => onSort(active ? { sort: key, descending: !sort.descending } : initial(key))}
        >
          {label}
          <span class="sort-mark" aria-hidden="true">
            {active ? (sort.descending ? '↓' : '↑') : ''}
          </span>
        </button>
      </th>
    )
  }
  return (
    <thead>
      <tr aria-rowindex={1}>
        {head('best', 'Decision', 'decision')}
        {columns.value.map(({ key, label }) => head(key, label, key === 'score' ? 'number' : 'number wide'))}
        {head('row', 'Row', 'row')}
        <th scope="col" class="pin-cell">
          Pin
        </th>
      </tr>
    </thead>
  )
}
