using Microsoft.Extensions.DependencyInjection;
using Scitq.Agent.Parts;

namespace Scitq.Agent.Reports;

/// <summary>Reports: what tells the coordinator where attempts stand.</summary>
internal static class ReportRegistration
{
    public static IServiceCollection AddReports(this IServiceCollection services) => services.AddPart<Reporter>();
}
