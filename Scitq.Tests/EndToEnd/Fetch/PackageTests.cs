using System.Diagnostics;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Fetch;

/// <summary>The library as a package of its own, in a program that knows nothing else of Scitq.</summary>
[Trait("Level", "EndToEnd")]
public sealed class PackageTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("scitq-package-").FullName;

    // Packages are kept by version for ever: one of its own, or an earlier run's would be tested.
    private readonly string _version = $"0.0.1-test.{Guid.NewGuid():N}";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        var kept = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (var name in (string[])["scitq.fetch", "scitq.contracts"])
        {
            var folder = Path.Combine(kept, name, _version);
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }

        Directory.Delete(_root, recursive: true);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_program_of_its_own_moves_data_with_nothing_but_the_package()
    {
        await using var store = await CloudStore.CreateAsync("azure");
        foreach (var project in (string[])["Scitq.Contracts", "Scitq.Fetch"])
            await DotnetAsync(
                TestEnvironment.Root, null, "pack", project, "-c", "Release", "--no-build", $"-p:PackageVersion={_version}", "-o", At("feed"),
                "-nodeReuse:false");
        Directory.CreateDirectory(At("app"));
        await File.WriteAllTextAsync(At("app/app.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <RestoreAdditionalProjectSources>{At("feed")}</RestoreAdditionalProjectSources>
              </PropertyGroup>
              <ItemGroup><PackageReference Include="Scitq.Fetch" Version="{_version}" /></ItemGroup>
            </Project>
            """, Ct);
        await File.WriteAllTextAsync(At("app/Program.cs"), """
            using Scitq.Contracts;
            using Scitq.Fetch;

            using var fetcher = new Fetcher();
            await fetcher.PutAsync(args[0], DataUri.Parse(args[1] + "/d/"));
            var got = await fetcher.GetAsync(DataUri.Parse(args[1] + "/d/"), args[2]);
            foreach (var file in got.Files) Console.WriteLine($"{file.Name} {file.Size} {file.Md5}");
            """, Ct);
        await File.WriteAllTextAsync(At("hello.txt"), "hello", Ct);
        Assert.Contains("hello.txt 5 5d41402abc4b2a76b9719d911017c592",
            await DotnetAsync(At("app"), store.Environment, "run", "--", At("hello.txt"), store.Root, At("out")), StringComparison.Ordinal);
        Assert.Equal("hello", await File.ReadAllTextAsync(At("out/hello.txt"), Ct));
    }

    private static async Task<string> DotnetAsync(string folder, IReadOnlyDictionary<string, string?>? environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // No build server may outlive the test.
        (start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"], start.Environment["MSBUILDDISABLENODEREUSE"], start.Environment["UseSharedCompilation"]) = ("0",
            "1", "false");
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>()) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(Ct);
        var output = await process.StandardOutput.ReadToEndAsync(Ct);
        await process.WaitForExitAsync(Ct);
        Assert.True(process.ExitCode == 0, output + await error);
        return output;
    }

    private string At(string relative) => Path.Combine(_root, relative);
}
