//go:build ignore

// entc generates ent's code.
package main

import (
	"log"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
)

func main() {
	if err := entc.Generate("./schema", &gen.Config{Hooks: []gen.Hook{separateMigrate}},
		entc.FeatureNames(
			"sql/upsert", "sql/lock", "sql/modifier", "sql/execquery", "sql/versioned-migration",
		),
		entc.TemplateDir("./template"),
	); err != nil {
		log.Fatal(err)
	}
}

// separateMigrate generates everything, and then a client that does not import the package migrate.
// Otherwise the server would contain Atlas, which plans migrations, and Atlas's parser of HCL.
func separateMigrate(next gen.Generator) gen.Generator {
	return gen.GenerateFunc(func(g *gen.Graph) error {
		if err := next.Generate(g); err != nil {
			return err
		}
		storage := *g.Storage
		storage.SchemaMode &^= gen.Migrate
		g.Storage = &storage
		return next.Generate(g)
	})
}
