using System.Collections.Concurrent;
using System.Reflection;
using Scitq.Tests.Servers;
using Xunit.v3;

[assembly: EndlessTestGuard]

namespace Scitq.Tests.Servers;

/// <summary>
/// The time limit of every test that has none of its own. xunit can only end a test that awaits; one that computes or blocks for ever would hold
/// the whole run, so this ends the run with the test's name.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class EndlessTestGuard : BeforeAfterTestAttribute
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);
    private readonly ConcurrentDictionary<string, Timer> _running = new();

    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (test.Timeout > 0) return;
        _running[test.UniqueID] = new Timer(
            _ => Environment.FailFast($"{test.TestDisplayName} has not ended within {Limit}."), null, Limit, Timeout.InfiniteTimeSpan);
    }

    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (_running.TryRemove(test.UniqueID, out var timer)) timer.Dispose();
    }
}
