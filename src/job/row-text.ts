import type { Row } from '../data/row'

/** The text of a row that is compared with other rows': every turn, one after the other. */
export const rowText = ({ turns }: Pick<Row, 'turns'>): string =>
  turns.map(({ content }) => content).join('\n')
