using System.Reflection;

namespace Scitq.Tests.Unit;

/// <summary>What every test has to keep to.</summary>
[Trait("Level", "Unit")]
public sealed class TestRulesTests
{
    private static readonly string[] Levels = ["Unit", "Integration", "EndToEnd"];

    private static IEnumerable<(Type Class, MethodInfo Method, FactAttribute Fact)> Tests =>
        from type in typeof(TestRulesTests).Assembly.GetTypes()
        where !type.IsAbstract
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance)
        let fact = method.GetCustomAttribute<FactAttribute>()
        where fact is not null
        select (type, method, fact);

    [Fact]
    public void Every_test_that_awaits_has_a_time_limit()
    {
        Assert.NotEmpty(Tests);
        Assert.Empty(Tests.Where(t => t.Method.ReturnType != typeof(void) && t.Fact.Timeout <= 0).Select(t => $"{t.Class.Name}.{t.Method.Name}"));
    }

    [Fact]
    public void Every_test_names_its_level() =>
        Assert.Empty(Tests.Select(t => t.Class).Distinct().Where(c => !Level(c)).Select(c => c.FullName));

    private static bool Level(Type type) =>
        type.GetCustomAttributes<TraitAttribute>()
            .Any(t => t.Name == "Level" && Levels.Contains(t.Value) && type.Namespace!.StartsWith($"Scitq.Tests.{t.Value}", StringComparison.Ordinal));
}
