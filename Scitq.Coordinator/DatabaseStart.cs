using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator;

/// <summary>Makes or updates the tables. Waits for a database that is still starting, as in a compose file or after a power cut.</summary>
internal sealed class DatabaseStart(IDbContextFactory<ScitqDb> contexts, ITaskStore store, TimeProvider clock)
{
    private const int Tries = 60;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task MigrateAsync(CancellationToken ct)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                await using var db = await contexts.CreateDbContextAsync(ct);
                await Migrator.MigrateAsync(db, clock, ct);
                return;
            }
            catch (Exception e) when (tries < Tries && Transience.Holds(store, e) && !DatabaseFaults.IsSetup(e))
            {
                if (tries == 0) Console.Error.WriteLine($"The database can't be reached yet ({e.Message}); trying for a minute.");
                await Task.Delay(Pause, clock, ct);
            }
        }
    }
}
