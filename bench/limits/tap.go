package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"net"
	"path"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip" // The SDK compresses what it sends.
	"google.golang.org/grpc/metadata"
)

// tap stands between the programs and Temporal, passes every call on, and knows the
// largest message of each method. Temporal's calls are one message each way.
type tap struct {
	server   *grpc.Server
	upstream *grpc.ClientConn

	mutex sync.Mutex
	// sent are requests, received answers, in bytes after decompression: what limits
	// are about.
	sent, received map[string]int
}

// newTap listens on an address of this machine until stop is called.
func newTap(ctx context.Context, temporal string) (t *tap, address string, err error) {
	upstream, err := grpc.NewClient(temporal, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(frames{}), grpc.MaxCallRecvMsgSize(math.MaxInt32)))
	if err != nil {
		return nil, "", fmt.Errorf("connecting to Temporal: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", fmt.Errorf("listening for programs: %w", err)
	}
	t = &tap{upstream: upstream, sent: map[string]int{}, received: map[string]int{}}
	t.server = grpc.NewServer(grpc.ForceServerCodec(frames{}), grpc.UnknownServiceHandler(t.pass),
		grpc.MaxRecvMsgSize(math.MaxInt32), grpc.MaxConcurrentStreams(math.MaxUint32))
	go func() { _ = t.server.Serve(listener) }() // It ends when stop closes it.
	return t, listener.Addr().String(), nil
}

func (t *tap) stop() error {
	t.server.Stop()
	return t.upstream.Close()
}

// pass passes one call on.
func (t *tap) pass(_ any, from grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(from)
	var request, answer []byte
	if err := from.RecvMsg(&request); err != nil {
		return err
	}
	t.note(t.sent, method, request)
	ctx := from.Context()
	if headers, ok := metadata.FromIncomingContext(ctx); ok {
		ctx = metadata.NewOutgoingContext(ctx, headers)
	}
	if err := t.upstream.Invoke(ctx, method, &request, &answer); err != nil {
		return err
	}
	t.note(t.received, method, answer)
	return from.SendMsg(&answer)
}

func (t *tap) note(direction map[string]int, method string, message []byte) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	direction[method] = max(direction[method], len(message))
}

// seen are the largest messages so far, and forgets them.
func (t *tap) seen() (sent, received message) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	sent, received = largest(t.sent), largest(t.received)
	clear(t.sent)
	clear(t.received)
	return sent, received
}

// message is the size of a message, and the method that it belongs to.
type message struct {
	bytes  int
	method string
}

func largest(of map[string]int) (found message) {
	for method, bytes := range maps.All(of) {
		if bytes > found.bytes {
			found = message{bytes, path.Base(method)}
		}
	}
	return found
}

// frames leaves messages as they are.
type frames struct{}

// Marshal implements encoding.Codec.
func (frames) Marshal(message any) ([]byte, error) {
	frame, ok := message.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("a message is of type %T", message)
	}
	return *frame, nil
}

// Unmarshal implements encoding.Codec.
func (frames) Unmarshal(content []byte, message any) error {
	frame, ok := message.(*[]byte)
	if !ok {
		return fmt.Errorf("a message is of type %T", message)
	}
	*frame = append([]byte(nil), content...)
	return nil
}

// Name implements encoding.Codec: the messages are protocol buffers all the same.
func (frames) Name() string { return "proto" }
