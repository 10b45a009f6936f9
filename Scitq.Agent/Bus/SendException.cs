namespace Scitq.Agent.Bus;

/// <summary>A message could not be sent, or nobody confirmed it in time.</summary>
internal sealed class SendException(string message, Exception inner) : Exception(message, inner);
