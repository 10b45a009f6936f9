namespace Scitq.Coordinator.Api.Actions;

/// <summary>What would change of a task.</summary>
internal sealed record ChangeView(long TaskId, string Change);
