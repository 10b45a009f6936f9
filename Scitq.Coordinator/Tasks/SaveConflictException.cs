namespace Scitq.Coordinator.Tasks;

/// <summary>A row was changed or created by another coordinator since it was loaded.</summary>
internal sealed class SaveConflictException(Exception? inner) : Exception("A task was changed by another coordinator.", inner);
