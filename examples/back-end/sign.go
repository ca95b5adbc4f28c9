// Command sign prints a token of a user: go run sign.go USER [admin].
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"
)

// sign returns a token that tells Parley who the caller is.
func sign(user string, admin bool, lifetime time.Duration) (string, error) {
	claims, err := json.Marshal(map[string]any{
		"sub": user, "admin": admin, "exp": time.Now().Add(lifetime).Unix(),
	})
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(claims)
	mac := hmac.New(sha256.New, []byte(os.Getenv("PARLEY_JWT_SECRET")))
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil)), nil
}

func main() {
	token, err := sign(os.Args[1], slices.Contains(os.Args[2:], "admin"), time.Hour)
	if err != nil {
		panic(err)
	}
	fmt.Println(token)
}
