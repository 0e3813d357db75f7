const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']

/**
 * The files of BERT's tokenizer with a vocabulary of `size` entries: the texts' most frequent words, each letter of them
 * as a beginning and as a continuation, and what is left over unused.
 *
 * @param maxTokens of a text, with the two around it
 */
export function wordPieceFiles(texts: readonly string[], size: number, maxTokens: number): Map<string, Blob> {
  const counts = new Map<string, number>()
  const letters = new Set<string>()
  for (const text of texts) {
    for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu)) {
      counts.set(word, (counts.get(word) ?? 0) + 1)
      for (const letter of word) letters.add(letter)
    }
  }
  const pieces = [...letters].sort().flatMap(letter => [letter, `##${letter}`])
  const words = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([word]) => word)
  const entries = [...new Set([...SPECIAL, ...pieces, ...words])].slice(0, size)
  while (entries.length < size) entries.push(`[unused${entries.length}]`)
  const vocab = Object.fromEntries(entries.map((entry, id) => [entry, id]))
  const special = (content: string) => ({ SpecialToken: { id: content, type_id: 0 } })
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map((content, id) => ({
      ...{ id, content, special: true },
      ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
    })),
    normalizer: {
      type: 'BertNormalizer',
      ...{ clean_text: true, handle_chinese_chars: true, strip_accents: false, lowercase: true },
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [special('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, special('[SEP]')],
      pair: [special('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: Object.fromEntries(
        ['[CLS]', '[SEP]'].map(token => [token, { id: token, ids: [vocab[token]], tokens: [token] }]),
      ),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      ...{ type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##' },
      ...{ max_input_chars_per_word: 100, vocab },
    },
  }
  const config = {
    tokenizer_class: 'BertTokenizer',
    do_lower_case: true,
    model_max_length: maxTokens,
    ...{
      unk_token: '[UNK]',
      sep_token: '[SEP]',
      pad_token: '[PAD]',
      cls_token: '[CLS]',
      mask_token: '[MASK]',
    },
  }
  return new Map([
    ['tokenizer.json', new Blob([JSON.stringify(tokenizer)])],
    ['tokenizer_config.json', new Blob([JSON.stringify(config)])],
  ])
}
