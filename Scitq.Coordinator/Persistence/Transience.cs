namespace Scitq.Coordinator.Persistence;

internal static class Transience
{
    private const int NoSpace = 28, QuotaExceeded = 122;

    /// <summary>Whether the store is away, or the disk full where output is kept, however the exception that says so is wrapped.</summary>
    public static bool Holds(ITaskStore store, Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
            if (store.IsTransient(e) || IsDiskFull(e)) return true;
        return false;
    }

    private static bool IsDiskFull(Exception e) => e is IOException { HResult: NoSpace or QuotaExceeded };
}
