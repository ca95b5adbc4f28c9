package web

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// codedExecutor adds a code of the schema's ErrorCode to the errors of operations that are not
// executed. It rejects documents longer than maxDocument bytes before they are parsed or cached.
type codedExecutor struct {
	graphql.GraphExecutor
	maxDocument int
}

func (e codedExecutor) CreateOperationContext(
	ctx context.Context,
	params *graphql.RawParams,
) (*graphql.OperationContext, gqlerror.List) {
	if len(params.Query) > e.maxDocument {
		return &graphql.OperationContext{}, gqlerror.List{
			{
				Message: fmt.Sprintf(
					"The document is longer than %d bytes: move values to variables, or select less.",
					e.maxDocument,
				),
				Extensions: map[string]any{"code": codeTooComplex},
			},
		}
	}
	operation, errs := e.GraphExecutor.CreateOperationContext(ctx, params)
	for _, err := range errs {
		code, _ := err.Extensions["code"].(string)
		switch code {
		case "COMPLEXITY_LIMIT_EXCEEDED": // gqlgen's extension.ComplexityLimit
			code = codeTooComplex
		case "": // gqlgen's extension.AutomaticPersistedQuery
			*err = *badInput("extensions", "extensions.persistedQuery must have version 1, "+
				"and in sha256Hash the SHA-256 of the query in lower-case hexadecimal.").graphQL()
			continue
		default:
			continue
		}
		err.Extensions["code"] = code
	}
	return operation, errs
}
