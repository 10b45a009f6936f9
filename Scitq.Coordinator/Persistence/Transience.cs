using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Persistence;

internal static class Transience
{
    /// <summary>Whether the store is away, however the exception that says so is wrapped.</summary>
    public static bool Holds(ITaskStore store, Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
            if (store.IsTransient(e)) return true;
        return false;
    }
}
