// #region apollo
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';

/** byId is a link to put before all others: it sends the ids that graphql-codegen has put into the documents. */
export const byId = () => new PersistedQueryLink({ generateHash: (document) => document.__meta__.hash });
// #endregion apollo

// #region codegen
import { addTypenameSelectionDocumentTransform } from '@graphql-codegen/client-preset';

/** output is what codegen.ts has under `generates`: the documents with their ids, and the manifest, persisted-documents.json. */
export const output = {
  preset: 'client',
  presetConfig: { persistedDocuments: { hashAlgorithm: 'sha256' } },
  documentTransforms: [addTypenameSelectionDocumentTransform], // as Apollo and urql add __typename
};
// #endregion codegen
