using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Usage;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Persistence;

/// <summary>
/// The map between rows and tables, the same for PostgreSQL and SQLite, and the way to query them. The hot path
/// (<see cref="ITaskStore"/>) takes its columns from this model and writes its own SQL.
/// </summary>
internal sealed class ScitqDb(DbContextOptions<ScitqDb> options) : DbContext(options)
{
    public DbSet<TaskSaga> Tasks => Set<TaskSaga>();

    public DbSet<AttemptRow> Attempts => Set<AttemptRow>();

    public DbSet<TaskEventRow> Events => Set<TaskEventRow>();

    public DbSet<RequirementRow> Requirements => Set<RequirementRow>();

    public DbSet<WorkerRow> Workers => Set<WorkerRow>();

    public DbSet<OrderRow> Orders => Set<OrderRow>();

    public DbSet<BatchRow> Batches => Set<BatchRow>();

    public DbSet<MinuteRow> Minutes => Set<MinuteRow>();

    public DbSet<NoticeRow> Notices => Set<NoticeRow>();

    public DbSet<BatchLookRow> BatchLooks => Set<BatchLookRow>();

    public DbSet<HearingRow> Hearing => Set<HearingRow>();

    /// <summary>In a query: the words of a specification's command, with a blank between.</summary>
    public static string Command(string spec) => throw new NotSupportedException($"Only a database knows it: {spec}");

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        var command = modelBuilder.HasDbFunction(typeof(ScitqDb).GetMethod(nameof(Command))!).HasName("scitq_command");
        if (Database.IsNpgsql()) command.HasParameter("spec").HasStoreType("jsonb");
        modelBuilder.Entity<TaskSaga>(task =>
        {
            task.ToTable("task").HasKey(x => x.CorrelationId);
            task.Property(x => x.CorrelationId).HasColumnName("id").ValueGeneratedNever();
            task.Property(x => x.Number).ValueGeneratedOnAdd();
            task.Property(x => x.SpecJson).HasColumnName("spec");
            task.Property(x => x.NextJson).HasColumnName("next_spec");
            task.Ignore(x => x.CurrentState).Ignore(x => x.Exists).Ignore(x => x.Spec).Ignore(x => x.Next).Ignore(x => x.Key)
                .Ignore(x => x.PauseRequested);
            if (Database.IsNpgsql())
            {
                task.Property(x => x.SpecJson).HasColumnType("jsonb");
                task.Property(x => x.NextJson).HasColumnType("jsonb");
            }
        });
        modelBuilder.Entity<AttemptRow>(attempt =>
        {
            attempt.ToTable("attempt").HasKey(x => new { x.TaskId, x.Attempt });
            if (Database.IsNpgsql())
            {
                attempt.Property(x => x.Outputs).HasColumnType("jsonb");
                attempt.Property(x => x.Warnings).HasColumnType("jsonb");
                attempt.Property(x => x.CacheParts).HasColumnType("jsonb");
            }
        });
        modelBuilder.Entity<TaskEventRow>(row =>
        {
            row.ToTable("task_event").HasKey(x => x.Id);
            row.Property(x => x.Kind).HasConversion(kind => kind.Word, word => new HistoryKind(word));
            row.Property(x => x.Id).ValueGeneratedOnAdd();
        });
        modelBuilder.Entity<RequirementRow>().ToTable("requirement").HasKey(x => new { x.TaskId, x.RequiredId });
        modelBuilder.Entity<WorkerRow>(worker =>
        {
            worker.ToTable("worker").HasKey(x => x.Id);
            worker.Ignore(x => x.Settings).Ignore(x => x.Usage);
            if (Database.IsNpgsql())
            {
                worker.Property(x => x.Gpus).HasColumnType("jsonb");
                worker.Property(x => x.Abilities).HasColumnType("jsonb");
                worker.Property(x => x.Resources).HasColumnType("jsonb");
                worker.Property(x => x.Stats).HasColumnType("jsonb");
            }
        });
        modelBuilder.Entity<OrderRow>(order =>
        {
            order.ToTable("worker_order").HasKey(x => x.Id);
            order.Property(x => x.Id).ValueGeneratedOnAdd();
            order.Ignore(x => x.Order);
        });
        modelBuilder.Entity<MinuteRow>(minute =>
        {
            minute.ToTable("worker_minute").HasKey(x => new { x.WorkerId, x.Minute });
            minute.Ignore(x => x.Sample);
        });
        modelBuilder.Entity<BatchRow>().ToTable("batch").HasKey(x => x.Name);
        modelBuilder.Entity<NoticeRow>(notice =>
        {
            notice.ToTable("notice").HasKey(x => x.Id);
            notice.Property(x => x.Id).ValueGeneratedOnAdd();
        });
        modelBuilder.Entity<BatchLookRow>(look =>
        {
            look.ToTable("batch_look").HasKey(x => x.Id);
            look.Property(x => x.Id).ValueGeneratedOnAdd();
        });
        modelBuilder.Entity<HearingRow>(hearing =>
        {
            hearing.ToTable("hearing").HasKey(x => x.Id);
            hearing.Ignore(x => x.Hearing);
        });

        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(e => e.GetProperties()))
        {
            property.SetColumnName(property.GetColumnName() is var name && name == property.Name ? SnakeCase(name) : name);
            var plain = Nullable.GetUnderlyingType(property.ClrType) ?? property.ClrType;
            if (plain.IsEnum) property.SetValueConverter((ValueConverter)Activator.CreateInstance(typeof(LowerCase<>).MakeGenericType(plain))!);
            else if (plain == typeof(DateTime))
                property.SetValueConverter(new ValueConverter<DateTime, DateTime>(x => x, x => DateTime.SpecifyKind(x, DateTimeKind.Utc)));
        }
    }

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "_") + char.ToLowerInvariant(c) : c.ToString()));

    /// <summary>States are words in the tables, so that a person can read them and removing one is a change of code only.</summary>
    private sealed class LowerCase<TEnum>() : ValueConverter<TEnum, string>(x => Words<TEnum>.Text(x), x => Words<TEnum>.Value(x))
        where TEnum : struct, Enum;

    private static class Words<TEnum>
        where TEnum : struct, Enum
    {
        private static readonly Dictionary<TEnum, string> Texts = Enum.GetValues<TEnum>().ToDictionary(x => x, x => x.ToString().ToLowerInvariant());
        private static readonly Dictionary<string, TEnum> Values = Texts.ToDictionary(x => x.Value, x => x.Key);

        public static string Text(TEnum value) => Texts[value];

        public static TEnum Value(string text) => Values[text];
    }
}
