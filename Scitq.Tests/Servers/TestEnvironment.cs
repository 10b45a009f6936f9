namespace Scitq.Tests.Servers;

/// <summary>What test.sh tells the tests: where servers are, where the programs lie.</summary>
public static class TestEnvironment
{
    public static bool IsCi => Environment.GetEnvironmentVariable("CI") is { Length: > 0 };

    public static string Root { get; } = FindRoot();

    public static string Bin => Environment.GetEnvironmentVariable("SCITQ_BIN") is { Length: > 0 } given
        ? given
        : Path.Combine(Root, "bin");

    public static string? Optional(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;

    /// <summary>The variable's value; where it is missing, the test is skipped on a laptop and fails in CI.</summary>
    public static string Required(string variable)
    {
        if (Optional(variable) is { } value) return value;
        Missing($"{variable} is not set");
        return "";
    }

    /// <summary>Ends the test for want of something of the machine: skipped on a laptop, failed in CI.</summary>
    public static void Missing(string what)
    {
        if (IsCi) Assert.Fail($"{what}, and CI runs every test.");
        Assert.Skip($"{what}: see docs/testing.md.");
    }

    public static string Script(string name) => Path.Combine(Root, "scripts", "servers", name);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Scitq.sln"))) return folder.FullName;
        }
        throw new InvalidOperationException($"No Scitq.sln above {AppContext.BaseDirectory}: tests run from their build folder.");
    }
}
