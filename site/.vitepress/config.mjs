// The site of the documentation. Its pages are those of docs/, which read as well on GitHub.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'
import { slug } from '../slug.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const docs = path.join(root, 'docs')

// Links to files outside of docs/ lead to the repository. GitHub sets the variable in a workflow.
const repository = process.env.GITHUB_REPOSITORY && `https://github.com/${process.env.GITHUB_REPOSITORY}`

const title = (page) => readFileSync(path.join(docs, page), 'utf8').match(/^# (.*)/m)[1]
const items = (...pages) => pages.map((page) => ({ text: title(`${page}.md`), link: `/${page}` }))
const decisions = readdirSync(path.join(docs, 'adr')).map((file) => `adr/${path.parse(file).name}`)

export default defineConfig({
  title: 'Parley',
  description: 'A chat server with a GraphQL API and live subscriptions',
  lang: 'en',
  base: process.env.SITE_BASE ?? '/',
  srcDir: docs,
  outDir: path.join(root, 'bin/site'),
  cacheDir: path.join(root, 'site/node_modules/.vitepress'),
  rewrites: { 'README.md': 'index.md' },
  cleanUrls: true,
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    socialLinks: repository ? [{ icon: 'github', link: repository }] : [],
    sidebar: [
      { text: 'Tutorials', items: items('tutorials/react', 'tutorials/back-end') },
      { text: 'How-to guides', items: items('frontends', 'streams', 'operations', 'extending') },
      {
        text: 'Reference',
        items: items('schema', 'errors', 'permissions', 'limits', 'text', 'settings', 'metrics', 'older-interfaces', 'glossary'),
      },
      {
        text: 'Explanation',
        items: [
          ...items('architecture', 'invariants', 'reliability', 'performance'),
          { text: 'Decisions', collapsed: true, items: items(...decisions) },
        ],
      },
    ],
  },
  // The pages are in a folder above, from which Node's rules do not lead to Vue.
  vite: { resolve: { alias: [{ find: /^vue(?=$|\/)/, replacement: path.join(root, 'site/node_modules/vue') }] } },
  // site/check-links.mjs checks them.
  ignoreDeadLinks: [/^(\.\.\/)+(?!docs\/)/, /\/\.\.\//],
  markdown: {
    anchor: { slugify: slug },
    config(md) {
      outside(md)
      drawings(md)
    },
  },
})

// outside makes links from docs/ to other files of the repository absolute.
function outside(md) {
  const render = md.renderer.rules.link_open ?? ((tokens, i, options, env, self) => self.renderToken(tokens, i, options))
  md.renderer.rules.link_open = (tokens, i, options, env, self) => {
    const href = tokens[i].attrGet('href')
    if (href.startsWith('../') && repository) {
      const file = path.relative(root, path.resolve(path.dirname(env.realPath ?? env.path), href))
      if (file !== 'docs' && !file.startsWith('docs/')) {
        tokens[i].attrSet('href', `${repository}/blob/main/${file}`)
      }
    }
    return render(tokens, i, options, env, self)
  }
}

// drawings writes the drawing of the packages (Mermaid) as tables: the site loads no library for it.
function drawings(md) {
  const fence = md.renderer.rules.fence
  md.renderer.rules.fence = (tokens, i, options, env, self) => {
    if (tokens[i].info.trim() !== 'mermaid') {
      return fence(tokens, i, options, env, self)
    }
    const escape = md.utils.escapeHtml
    const names = {}
    for (const [, id, folder] of tokens[i].content.matchAll(/^\s*(\w+)\["(\S+)<br>/gm)) {
      names[id] = folder
    }
    return tokens[i].content.split(/^\s*subgraph /m).slice(1).map((group) => {
      const rows = [...group.matchAll(/^\s*\w+\["(\S+)<br>([^"]+)"\](?: --> ([\w &]+))?$/gm)]
      const row = ([, folder, promise, imports]) => {
        const used = (imports?.split(' & ') ?? []).map((id) => `<code>${escape(names[id] ?? id)}</code>`)
        return `<tr><td><code>${escape(folder)}</code></td><td>${escape(promise)}</td><td>${used.join(' ')}</td></tr>`
      }
      return `<table><thead><tr><th>${escape(group.split('\n')[0])}</th><th>promise</th><th>imports</th></tr></thead>` +
        `<tbody>${rows.map(row).join('')}</tbody></table>`
    }).join('')
  }
}
