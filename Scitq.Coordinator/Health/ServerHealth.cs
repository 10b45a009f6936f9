using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Scitq.Coordinator.Health;

/// <summary>The outcome of all health checks.</summary>
/// <param name="IsReady">Whether tasks can be taken and handed out.</param>
/// <param name="HasDatabase">Whether the database answers.</param>
/// <param name="Reasons">The problems, each told once.</param>
internal sealed record ServerHealth(bool IsReady, bool HasDatabase, IReadOnlyList<string> Reasons)
{
    /// <summary>The key of a check's problems in its data.</summary>
    public const string Problems = "problems";

    /// <summary>The name of the check of the database.</summary>
    public const string Database = "database";

    public static async Task<ServerHealth> LookAsync(HealthCheckService checks, CancellationToken ct)
    {
        var report = await checks.CheckHealthAsync(ct);
        var reasons = new List<string>();
        foreach (var problem in report.Entries.Values.SelectMany(ProblemsOf))
            if (!reasons.Exists(known => known.StartsWith(problem.TrimEnd('.'), StringComparison.Ordinal))) reasons.Add(problem);
        return new ServerHealth(report.Status == HealthStatus.Healthy, report.Entries[Database].Status == HealthStatus.Healthy, reasons);
    }

    // A check that itself fails has an exception, whose text is not for strangers.
    private static IReadOnlyList<string> ProblemsOf(HealthReportEntry entry) =>
        entry.Data.TryGetValue(Problems, out var problems) ? (IReadOnlyList<string>)problems
        : entry.Status == HealthStatus.Healthy ? [] : ["the coordinator could not look at its own health."];
}
