namespace Scitq.Agent.Parts;

/// <summary>By what the coordinator knows this agent.</summary>
/// <param name="Name">The worker's name.</param>
/// <param name="Epoch">This start of it.</param>
internal sealed record WorkerIdentity(string Name, Guid Epoch);
