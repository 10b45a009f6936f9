using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Batches;

/// <summary>Which batches are known by name.</summary>
internal static class BatchNames
{
    /// <summary>Makes the batch known. In one statement, since others may do the same at this moment, which is no error.</summary>
    public static Task EnsureBatchAsync(this ScitqDb db, string name, DateTime now, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"INSERT INTO batch (name, created) VALUES ({name}, {now}) ON CONFLICT DO NOTHING", ct);
}
