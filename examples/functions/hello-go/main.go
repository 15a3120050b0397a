// The event is JSON on stdin, the answer is JSON on stdout; stderr is the log.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

type event struct {
	Name string `json:"name"`
}

func main() {
	in := event{Name: "world"}
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		fmt.Fprintln(os.Stderr, "the event is not what this function takes:", err)
		os.Exit(1)
	}
	greeting := os.Getenv("GREETING")
	if greeting == "" {
		greeting = "Hello"
	}
	fmt.Fprintf(os.Stderr, "greeting %s\n", in.Name)
	answer := map[string]string{"message": fmt.Sprintf("%s, %s!", greeting, in.Name)}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		fmt.Fprintln(os.Stderr, "the answer was not written:", err)
		os.Exit(1)
	}
}
