using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Scitq.Contracts;
using Scitq.Contracts.Docker;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;
using Scitq.Tests.Servers;
using Scitq.Tests.Unit.Coordinator;

namespace Scitq.Tests.Unit;

/// <summary>The documentation says what the code does, as far as that can be compared.</summary>
[Trait("Level", "Unit")]
public sealed partial class DocsTests
{
    [Fact(Timeout = 10_000)]
    public async Task The_state_diagram_has_exactly_the_transitions_of_the_state_machine()
    {
        var drawn = new HashSet<string>();
        foreach (Match arrow in Arrow().Matches(Block(await ReadAsync("docs/architecture.md"), "mermaid")))
            Assert.True(drawn.Add($"{arrow.Groups[1].Value} {arrow.Groups[3].Value} {arrow.Groups[2].Value}"), $"drawn twice: {arrow.Value}");
        var rules = Options.Create(new TaskOptions());
        var machine = new TaskStateMachine(new TaskVerbs(rules, TimeProvider.System), new EndingRules(rules));
        var found = new List<string>();
        foreach (var from in TaskRules.States)
        {
            foreach (var trigger in Enum.GetValues<TaskTrigger>())
            {
                var lease = Guid.NewGuid();
                var task = new TaskUnderTest(machine, TaskUnderTest.Make(from, lease));
                await task.RaiseAsync(trigger, lease);
                if (task.Row.State != from) found.Add($"{Word(from)} {Word(trigger)} {Word(task.Row.State)}");
            }
        }

        Assert.Equal(drawn.Order(), found.Order());
    }

    [Fact(Timeout = 10_000)]
    public async Task Every_relative_link_leads_somewhere()
    {
        var dead = new List<string>();
        foreach (var file in Pages())
        {
            foreach (Match link in Link().Matches(Fence().Replace(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), "")))
            {
                var target = link.Groups[1].Value;
                if (target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal)) continue;
                var cut = target.IndexOf('#', StringComparison.Ordinal);
                var (name, anchor) = cut < 0 ? (target, null) : (target[..cut], target[(cut + 1)..]);
                var path = name.Length == 0 ? file : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, name));
                var there = anchor is null ? File.Exists(path) || Directory.Exists(path)
                    : File.Exists(path) && Anchors(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).Contains(anchor);
                if (!there) dead.Add($"{Path.GetRelativePath(TestEnvironment.Root, file)}: {target}");
            }
        }

        Assert.Empty(dead);
    }

    [Fact(Timeout = 10_000)]
    public async Task The_messages_shown_are_read_by_the_code()
    {
        var text = await ReadAsync("docs/bus.md");
        var many = JsonSerializer.Deserialize<SubmitTasks>(Block(text, "json"), ScitqJson.Bus)!;
        Assert.Equal(2, many.Tasks.Count);
        Assert.All(many.Tasks, task => Assert.Null(TaskSpecRules.Problem(task.Spec)));

        // The schema names the members of a spec, and none that is not there.
        var schema = JsonDocument.Parse(Block(text, "json", 1)).RootElement;
        var members = schema.GetProperty("properties").GetProperty("spec").GetProperty("properties").EnumerateObject().Select(m => m.Name);
        Assert.Equal(typeof(TaskSpec).GetProperties().Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name)).Order(), members.Order());
    }

    [Fact(Timeout = 10_000)]
    public async Task The_page_on_docker_names_each_option_under_what_becomes_of_it()
    {
        var text = await ReadAsync("docs/docker.md");
        var accepted = Option().Matches(Between(text, "Accepted, with", "A few are stricter")).Select(m => m.Value).ToList();
        var refused = Option().Matches(Between(text, "Refused, whatever", "## Restricted")).Select(m => m.Value).Distinct().ToList();
        Assert.NotEmpty(accepted);
        Assert.NotEmpty(refused);
        // A value that is wrong for any option: what is told about it shows which kind the option is of.
        Assert.All(accepted, name => Assert.DoesNotContain("is refused", Problem(name), StringComparison.Ordinal));
        Assert.All(accepted, name => Assert.DoesNotContain("is not known", Problem(name), StringComparison.Ordinal));
        Assert.All(refused.Where(name => name is not ("--stop-grace" or "--retry")), name =>
            Assert.Contains("is refused", Problem(name), StringComparison.Ordinal));

        var allowed = Option().Matches(Between(text, "## Restricted", "## The engine")).Select(m => m.Value).Except(["--docker-options", "--native-tasks"]);
        Assert.All(allowed, name => Assert.Contains(name, DockerPolicy.RestrictedProblem(Privileged)!, StringComparison.Ordinal));
    }

    private static DockerRunOptions Privileged =>
        DockerRunOptions.TryParse(["--privileged"], out var options, out _) ? options : throw new InvalidOperationException("--privileged is an option.");

    private static string Problem(string option) => DockerRunOptions.TryParse([option + "="], out _, out var problem) ? "" : problem;

    [Fact(Timeout = 10_000)]
    public async Task Every_decision_has_a_date_and_a_status_and_is_listed_with_both()
    {
        var list = await ReadAsync("docs/adr/README.md");
        var files = Directory.GetFiles(Path.Combine(TestEnvironment.Root, "docs/adr"), "0*.md");
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            var record = Record().Match(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
            Assert.True(record.Success, $"{Path.GetFileName(file)} does not begin with its title, then '- Date: yyyy-mm-dd' and '- Status: …'");
            var line = $"| [{Path.GetFileName(file)[..4]}]({Path.GetFileName(file)}) | {record.Groups["title"]} | {record.Groups["date"]} | "
                + $"{record.Groups["status"]} |";
            Assert.Contains(line, list, StringComparison.Ordinal);
        }
    }

    [Fact(Timeout = 10_000)]
    public async Task Every_type_and_member_of_the_glossary_exists()
    {
        var types = new[] { typeof(TaskSpec), typeof(Scitq.Coordinator.CoordinatorOptions), typeof(Scitq.Agent.AgentOptions), typeof(Scitq.Fetch.Fetcher) }
            .SelectMany(t => t.Assembly.GetTypes()).ToLookup(t => t.Name);
        var names = CodeName().Matches(await ReadAsync("docs/glossary.md")).Select(m => m.Groups[1].Value.Split('.')).ToList();
        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.True(
            name.Length == 1 ? types.Contains(name[0]) : types[name[0]].Any(t => t.GetMember(name[1]).Length > 0),
                $"the glossary names {string.Join('.', name)}"));
    }

    private static IEnumerable<string> Pages() =>
        Directory.EnumerateFiles(TestEnvironment.Root, "*.md")
            .Concat(Directory.EnumerateFiles(Path.Combine(TestEnvironment.Root, "docs"), "*.md", SearchOption.AllDirectories));

    private static Task<string> ReadAsync(string name) =>
        File.ReadAllTextAsync(Path.Combine(TestEnvironment.Root, name), TestContext.Current.CancellationToken);

    private static string Block(string text, string language, int index = 0) =>
        Regex.Matches(text, $"^```{language}\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)[index].Groups[1].Value;

    private static string Between(string text, string start, string end)
    {
        var from = text.IndexOf(start, StringComparison.Ordinal);
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }

    private static string Word(object value) => value.ToString()!.ToLowerInvariant();

    /// <summary>As code hosts make them of headings.</summary>
    private static HashSet<string> Anchors(string text) =>
        [.. Heading().Matches(Fence().Replace(text, "")).Select(m => NotInAnchor().Replace(m.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    [GeneratedRegex(@"^\s*(\w+) --> (\w+): (\w+)\r?$", RegexOptions.Multiline)]
    private static partial Regex Arrow();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex(@"`([A-Z][a-z]\w+(?:\.[A-Z]\w+)?)`")]
    private static partial Regex CodeName();

    [GeneratedRegex(@"^# (?<title>.+)\n\n(- )?Date: (?<date>\d{4}-\d\d-\d\d) *\n(- )?Status: (?<status>accepted|superseded by \d{4})\n")]
    private static partial Regex Record();

    [GeneratedRegex(@"(?<=[\s`])--[a-z0-9][a-z0-9-]*")]
    private static partial Regex Option();
}
