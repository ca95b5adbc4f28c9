// #region apollo
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';

/** byId returns a link to put before all others. It sends the ids that graphql-codegen adds to documents. */
export const byId = () => new PersistedQueryLink({ generateHash: (document) => document.__meta__.hash });
// #endregion apollo

// #region codegen
import { addTypenameSelectionDocumentTransform } from '@graphql-codegen/client-preset';

/** output is a value for `generates` in codegen.ts: documents with ids, and the manifest persisted-documents.json. */
export const output = {
  preset: 'client',
  presetConfig: { persistedDocuments: { hashAlgorithm: 'sha256' } },
  documentTransforms: [addTypenameSelectionDocumentTransform], // as Apollo and urql add __typename
};
// #endregion codegen
