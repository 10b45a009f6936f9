using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Completion;

/// <summary>Reads a line that is still being typed, and finds what may stand at its end. What is wrong before is passed over.</summary>
internal sealed class UnfinishedLine
{
    private readonly ProgramTable _program;
    private readonly List<string> _path = [];
    private SubCommand? _command;
    private Option? _open;
    private bool _ended;
    private int _operands;

    public UnfinishedLine(ProgramTable program, IEnumerable<string> words)
    {
        _program = program;
        foreach (var word in words) Take(word);
    }

    /// <summary>The options given so far.</summary>
    public ParsedLine Given { get; } = new();

    private IEnumerable<Option> Options => (_command?.Options ?? []).Concat(_program.Options);

    public Expected At(string typed)
    {
        if (_open is { } open) return ValueOf(open, typed, "");
        if (!_ended && typed.StartsWith("--", StringComparison.Ordinal) && typed.IndexOf('=', StringComparison.Ordinal) is var equals and > 0)
            return Long(typed[2..equals]) is { Value: not null } option
                ? ValueOf(option, typed[(equals + 1)..], typed[..(equals + 1)])
                : new Expected(Kind.Nothing, typed);
        if (!_ended && typed.StartsWith('-')) return new Expected(Kind.Words, typed) { Words = [.. Options.Select(o => new Candidate($"--{o.Long}", o.Help))] };
        if (_command is null && _program.Commands.Count > 0) return new Expected(Kind.Words, typed) { Words = [.. Next().DistinctBy(c => c.Word)] };
        return new Expected(OperandKind(), typed) { Words = [.. (_command?.Choices ?? []).Select(c => new Candidate(c))] };
    }

    private void Take(string word)
    {
        if (_open is { } open)
        {
            Given.Add(open.Long, word);
            _open = null;
        }
        else if (!_ended && word == "--")
        {
            _ended = true;
        }
        else if (!_ended && word.StartsWith("--", StringComparison.Ordinal))
        {
            var parts = word[2..].Split('=', 2);
            if (Long(parts[0]) is not { } option) return;
            if (option.Value is not null && parts.Length == 1) _open = option;
            else Given.Add(option.Long, parts.ElementAtOrDefault(1) ?? "");
        }
        else if (!_ended && word.Length > 1 && word[0] == '-')
        {
            TakeLetters(word);
        }
        else if (_command is null && _program.Commands.Count > 0)
        {
            _path.Add(word);
            _command = _program.Commands.FirstOrDefault(c => c.Is(_path));
        }
        else
        {
            _operands++;
            // What follows belongs to the command that is launched.
            if (_command is null) _ended = true;
        }
    }

    private void TakeLetters(string word)
    {
        for (var i = 1; i < word.Length; i++)
        {
            if (Options.FirstOrDefault(o => o.Short == word[i]) is not { } option) return;
            if (option.Value is null)
            {
                Given.Add(option.Long, "");
                continue;
            }

            if (i == word.Length - 1) _open = option;
            else Given.Add(option.Long, word[(i + 1)..]);
            return;
        }
    }

    private Option? Long(string name) => Options.FirstOrDefault(o => o.Long == name || o.Alias == name);

    private IEnumerable<Candidate> Next() =>
        from command in _program.Commands
        where command.Words.Count > _path.Count && command.Words.Take(_path.Count).SequenceEqual(_path)
        let isLast = command.Words.Count == _path.Count + 1
        select new Candidate(command.Words[_path.Count], isLast ? command.Summary : Under(command.Words[_path.Count]));

    private string Under(string word) => string.Join(' ', _program.Commands.Where(c => c.Object == word).Select(c => c.Words[^1]));

    private Expected ValueOf(Option option, string typed, string before)
    {
        var kind = option switch
        {
            { Choices.Count: > 0 } => Kind.Words,
            { Value: "FILE" or "DIR" } => Kind.Files,
            { Long: "batch" } => Kind.Batches,
            { Long: "worker" } => Kind.Workers,
            { Long: "requirements" or "after-any" } => Kind.Tasks,
            { Long: "id" } => ObjectKind() is Kind.Workers ? Kind.WorkerNumbers : ObjectKind(),
            { Long: "name" } => ObjectKind(),
            _ => Kind.Nothing,
        };
        return new Expected(kind, typed, before) { Words = [.. option.Choices.Select(c => new Candidate(c))] };
    }

    private Kind OperandKind() => _command switch
    {
        null => _operands == 0 ? Kind.Programs : Kind.Files,
        { Operands: "" } => Kind.Nothing,
        { Choices.Count: > 0 } => Kind.Words,
        { Object: "" } => Kind.Files,
        _ => ObjectKind(),
    };

    private Kind ObjectKind() => _command?.Object switch
    {
        "task" or "attempt" => Kind.Tasks,
        "batch" => Kind.Batches,
        "worker" => Kind.Workers,
        _ => Kind.Nothing,
    };
}
