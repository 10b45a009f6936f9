namespace Scitq.Coordinator.Bus;

/// <summary>A message that a consumer could not read; acknowledged once the loop asks for the next.</summary>
internal sealed record RefusedMessage(string Queue, ReadOnlyMemory<byte> Body, string? Problem);
