import type { CodegenConfig } from '@graphql-codegen/cli';

/** Generates types for the operations in src from the server's schema. */
const config: CodegenConfig = {
  schema: '../../graph/schema/*.graphqls',
  documents: ['src/**/*.{ts,tsx}', '!src/gql/**'],
  generates: {
    'src/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: { scalars: { Time: 'string' }, strictScalars: true, useTypeImports: true, enumsAsTypes: true },
    },
  },
};

export default config;
