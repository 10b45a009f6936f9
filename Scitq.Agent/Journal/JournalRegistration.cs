using Microsoft.Extensions.DependencyInjection;
using Scitq.Agent.Parts;

namespace Scitq.Agent.Journal;

/// <summary>The journal, which is opened once the work directory is this agent's alone.</summary>
internal static class JournalRegistration
{
    public static IServiceCollection AddJournal(this IServiceCollection services) => services
        .AddSingleton(s => WorkDirectoryLock.Take(s.GetRequiredService<AgentOptions>().WorkDir))
        .AddSingleton(s => AttemptJournal.Open(s.GetRequiredService<WorkDirectoryLock>().Directory, Guid.NewGuid(), s.GetRequiredService<TimeProvider>()))
        .AddSingleton(s => new WorkerIdentity(s.GetRequiredService<AgentOptions>().Name, s.GetRequiredService<AttemptJournal>().Epoch));
}
