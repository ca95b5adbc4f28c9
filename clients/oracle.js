// Decides with graphql-js whether an operation may be executed: the reference for graph/coercion_oracle_test.go.
//
// Standard input is one JSON value per line. The first is { schema }, the schema in SDL. Each of the others is a request,
// { query, operationName, variables }. For each request one line is written: {} for an operation that graphql-js accepts,
// else { stage, reason }. The stages are parse, validate, operation, variables and arguments, in this order. The last one
// coerces the arguments of every field and directive that the operation reaches. It ignores @skip and @include, so
// the decision does not depend on the variables.
import { createInterface } from 'node:readline';
import {
  buildSchema, getArgumentValues, getDirectiveValues, getNamedType, getOperationAST, getVariableValues, Kind, parse,
  SchemaMetaFieldDef, TypeMetaFieldDef, TypeNameMetaFieldDef, validate,
} from 'graphql';

const metaFields = new Map([SchemaMetaFieldDef, TypeMetaFieldDef, TypeNameMetaFieldDef].map((field) => [field.name, field]));

/** decide returns null for a request that is accepted, else the stage that rejects it and the reason. */
function decide(schema, { query, operationName, variables }) {
  let stage = 'parse';
  try {
    const document = parse(query);
    stage = 'validate';
    const [invalid] = validate(schema, document);
    if (invalid) return { stage, reason: invalid.message };
    stage = 'operation';
    const operation = getOperationAST(document, operationName || null); // an empty name is none
    if (!operation) return { stage, reason: 'There is no such operation, or there are several and none is named.' };
    stage = 'variables';
    const { errors, coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variables ?? {}, { maxErrors: 1 });
    if (errors) return { stage, reason: errors[0].message };
    stage = 'arguments';
    coerceArguments(schema, document, operation, coerced);
    return null;
  } catch (error) { // a GraphQLError; whatever else is thrown refuses the operation as well
    return { stage, reason: error.message };
  }
}

/** coerceArguments throws if an argument that the operation reaches has no value of its type. */
function coerceArguments(schema, document, operation, variables) {
  const fragments = new Map(document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION).map((f) => [f.name.value, f]));
  const entered = new Set();
  const directives = (node) => {
    for (const { name } of node.directives ?? []) getDirectiveValues(schema.getDirective(name.value), node, variables);
  };
  const walk = (type, { selections }) => {
    for (const selection of selections) {
      directives(selection);
      if (selection.kind === Kind.FIELD) {
        const field = metaFields.get(selection.name.value) ?? type.getFields()[selection.name.value];
        getArgumentValues(field, selection, variables);
        if (selection.selectionSet) walk(getNamedType(field.type), selection.selectionSet);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        walk(selection.typeCondition ? schema.getType(selection.typeCondition.name.value) : type, selection.selectionSet);
      } else if (!entered.has(selection.name.value)) {
        entered.add(selection.name.value);
        const fragment = fragments.get(selection.name.value);
        directives(fragment);
        walk(schema.getType(fragment.typeCondition.name.value), fragment.selectionSet);
      }
    }
  };
  directives(operation);
  for (const definition of operation.variableDefinitions ?? []) directives(definition);
  walk(schema.getRootType(operation.operation), operation.selectionSet);
}

let schema;
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (!schema) {
    schema = buildSchema(message.schema);
    continue;
  }
  process.stdout.write(JSON.stringify(decide(schema, message) ?? {}) + '\n');
}
