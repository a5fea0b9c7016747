use super::*;

fn words(script: &str) -> Vec<Vec<String>> {
    read(script).into_iter().map(|command| command.words).collect()
}

#[test]
fn quotes_and_substitutions_keep_words_together() {
    let read = words("echo 'a b' \"c $(d \"e f\")\" ${{ matrix.x || 'y z' }} g\\ h `i j` # not this");
    assert_eq!(read, [["echo", "a b", "c $(d \"e f\")", "${{ matrix.x || 'y z' }}", "g h", "`i j`"]]);
}

#[test]
fn operators_join() {
    let commands = read("a | tee b || true && c &\nd; e");
    let next: Vec<_> = commands.iter().map(|command| command.next).collect();
    assert_eq!(next, [Next::Pipe, Next::Or, Next::And, Next::Background, Next::Then, Next::Then]);
    let background: Vec<_> = commands.iter().map(|command| command.background).collect();
    assert_eq!(background, [true, true, true, true, false, false]);
}

#[test]
fn redirections_are_no_words_and_not_the_background() {
    let commands = read("nohup python -m app > log 2>&1 &\nx &> y\nz >/dev/null 2>&1");
    assert_eq!(commands.len(), 3);
    assert_eq!(commands[0].words, ["nohup", "python", "-m", "app"]);
    assert!(commands[0].background && commands[0].output_is_redirected());
    assert_eq!(commands[0].program(), "python");
    assert!(!commands[1].background && commands[1].output_is_redirected());
    assert_eq!(commands[2].redirects, [(">".into(), "/dev/null".into()), ("2>&".into(), "1".into())]);
}

#[test]
fn here_documents_are_no_commands() {
    let commands = read("cat <<'EOF' >> $GITHUB_ENV\nX=1 &\nEOF\npytest");
    assert_eq!(commands.len(), 2, "{commands:?}");
    assert!(commands[0].redirects.contains(&("<<".into(), "X=1 &\n".into())));
    assert_eq!((commands[1].line, commands[1].program()), (3, "pytest"));
}

#[test]
fn lines_are_counted_and_continued() {
    let commands = read("\n# c\na \\\n  b\nc");
    assert_eq!(commands.iter().map(|command| command.line).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(commands[0].words, ["a", "b"]);
}

#[test]
fn conditions_and_loops_are_known() {
    let commands =
        read("if ! pytest; then exit 1; fi\nuntil curl x; do sleep 1; done\nfor i in 1 2; do a; done\nb");
    let told: Vec<_> = commands.iter().map(|c| (c.program().to_owned(), c.condition, c.looped)).collect();
    let expected = [
        ("pytest", true, false),
        ("exit", false, false),
        ("curl", true, true),
        ("sleep", false, true),
        ("for", false, true),
        ("a", false, true),
        ("b", false, false),
    ];
    assert_eq!(told, expected.map(|(name, condition, looped)| (name.to_owned(), condition, looped)));
}

#[test]
fn a_group_goes_to_the_background_as_a_whole() {
    let background: Vec<_> =
        read("(cd x && python a.py) &\n{ b; c; } &\nd").iter().map(|c| c.background).collect();
    assert_eq!(background, [true, true, true, true, false]);
}

#[test]
fn patterns_of_a_case_are_no_commands() {
    assert_eq!(words("case $x in\n a|b) one ;;\n *) two ;;\nesac\nthree").last().unwrap(), &["three"]);
}

#[test]
fn assignments_and_wrappers_come_before_the_program() {
    let commands = read("A=1 B='x y' sudo -E env C=2 timeout 5 /usr/bin/pytest -q");
    assert_eq!(commands[0].assignments, [("A".into(), "1".into()), ("B".into(), "x y".into())]);
    assert_eq!(commands[0].program(), "pytest");
}

#[test]
fn nonsense_ends() {
    for script in [
        "'", "\"", "$(", "${", "${{", "`", "\\", "<<", "<<EOF", ")", "}", "fi", "(((", "[[ a", "a <", "&",
        "|", "é<(ü",
    ] {
        read(script);
    }
}
